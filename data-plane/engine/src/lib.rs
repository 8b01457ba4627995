//! Bytes in, receipt out: dual digest, pipeline, blobs over object_store, packs.
