"""The database: tables, transactions, queries. The same statements run on SQLite and on PostgreSQL."""
