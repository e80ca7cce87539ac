"""Changes go to receivers that are quick, slow, late, fickle and dead, while workers are killed."""
