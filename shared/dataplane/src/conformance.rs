//! The obligations of [`crate::DataPlane`], each as a test over any implementation.
