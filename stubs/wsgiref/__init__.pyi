# The standard library's wsgiref, typed with gatewright.types: what these accept, gatewright accepts as well.
