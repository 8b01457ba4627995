//! Pure: commands, events, views.
