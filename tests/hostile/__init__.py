"""Files that were made to do harm, sent to the running product."""
