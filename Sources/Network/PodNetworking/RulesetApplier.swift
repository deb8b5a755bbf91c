package import Processes

/// Puts nftables rules in place.
package protocol RulesetApplier: Sendable {
    /// Applies a ruleset in nft's syntax as one transaction: all of it or, when this throws, nothing of it.
    func apply(_ ruleset: String) async throws(NetworkError)
}

/// Applies rulesets with the program `nft`.
package struct NFTCommand: RulesetApplier {
    /// Debian's nft.
    package static let program = SystemProgram(name: "nft", debianPackage: "nftables")

    /// An applier.
    package init() {}

    /// Runs nft with the ruleset on its standard input.
    package func apply(_ ruleset: String) async throws(NetworkError) {
        do { try await Self.program.run(["-f", "-"], input: ruleset) } catch { throw .program(error) }
    }
}
