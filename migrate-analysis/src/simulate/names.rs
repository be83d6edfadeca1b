//! The names that PostgreSQL gives by itself.
