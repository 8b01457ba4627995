-- Pages that are changed are kept in memory until there are this many KiB of them: indexes are filled in no order.
PRAGMA cache_size = -262144;
PRAGMA temp.cache_size = -131072;
