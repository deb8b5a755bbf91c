internal import ControllerRuntime
internal import Logging
internal import ObjectModel

/// Keeps the certificates of a cluster that runs for long: once a day it looks whether they are still good for a quarter
/// of their life, as every start does, and has those that were made anew taken into use. New connections get them.
struct CertificateRenewal: Sendable {
    static let interval = Duration.seconds(86_400)

    let clock: ControlClock
    let logger: Logger
    /// The material for this time, made anew where it has aged.
    let prepare: @Sendable (Timestamp) async throws -> SecurityMaterial
    /// Takes new material into use.
    let apply: @Sendable (SecurityMaterial) throws -> Void

    /// Runs until the task is cancelled. A failure is told, and tried again the next day.
    func run(from first: SecurityMaterial) async {
        var current = first
        while !Task.isCancelled {
            guard (try? await clock.sleep(Self.interval)) != nil else { return }
            do {
                let next = try await prepare(clock.now())
                guard next.server != current.server || next.administrator != current.administrator else { continue }
                try apply(next)
                current = next
                logger.notice("certificates were renewed")
            } catch {
                logger.warning("certificates could not be renewed", metadata: ["reason": "\(error)"])
            }
        }
    }
}
