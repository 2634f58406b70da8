"""How fast and how frugal HMS-SYN is beside the tools people would use otherwise: ``make bench``. Not shipped."""
