//! What a query reads and which columns come out of it.
