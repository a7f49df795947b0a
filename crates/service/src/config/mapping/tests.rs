//! Mapping files in, mappings or problems out.
