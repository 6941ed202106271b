"""Every call of the terminal with every fault, in virtual time: the real engine, link and host before a lying one."""
