-- Memory for the tables of this connection alone, for comparing them with the kept ones, and for making indexes.
SET temp_buffers = '64MB';
SET work_mem = '64MB';
SET maintenance_work_mem = '256MB';
