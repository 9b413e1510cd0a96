//! The store on a real MongoDB.
