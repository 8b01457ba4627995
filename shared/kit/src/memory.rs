//! Where every program of the project takes its memory from. Pushes and commits make and drop millions of small values on
//! several threads, which the C library's allocator serves slowly and gives back late.

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
