-- GET of one address. No arguments.
require "outcome"
