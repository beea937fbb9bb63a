"""The files of other tools, one module a tool; `viewpoint100k.export` writes them.

A tool is a class that fulfils `viewpoint100k.exports.protocol.Format`.
"""
