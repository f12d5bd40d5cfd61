// Belongs to the headers that cmake/HeddlePrecompiled.cmake reads once for everybody: they need a file that is
// compiled.
