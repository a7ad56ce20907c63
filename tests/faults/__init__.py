"""The running product while its parts are killed, its disk is full and its store is cut off."""
