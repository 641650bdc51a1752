"""Access to one Git repository: objects, refs, trees and work trees."""
