//! Cases without a server.
