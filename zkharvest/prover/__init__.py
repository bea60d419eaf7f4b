"""The prover: field kernels, transforms, hashing, trees and the protocol that uses them."""
