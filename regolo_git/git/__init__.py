"""Objects, refs, trees and work trees of one Git repository."""
