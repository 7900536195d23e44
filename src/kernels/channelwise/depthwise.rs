//! Filters that see one channel each.
