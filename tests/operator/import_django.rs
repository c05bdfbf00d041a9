//! `import-django`
