//! Clocks, ids, fakes and temporary PostgreSQL for tests.
