//! The one integration binary: the real program, from outside.
