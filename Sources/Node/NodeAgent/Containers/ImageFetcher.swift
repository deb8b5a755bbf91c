internal import ControllerRuntime
internal import NodeInterfaces
internal import ObjectModel
internal import Synchronization

/// Gets images by pull policy.
///
/// Decision: with policy Always an image that is present is used when its registry cannot be reached, where kubelet
/// fails. Images here are often imported from files and have no registry. A registry that did not answer is not asked
/// again for `patience`. One that answers with a refusal is obeyed, as kubelet does.
final class ImageFetcher: Sendable {
    /// How an image was got.
    enum Origin: Hashable {
        case pulled(Duration)
        case present
        case presentWithoutRegistry(String)
    }

    /// Why there is none: the waiting reason and the text for people.
    struct Failure: Error, Hashable {
        var reason: String
        var message: String

        /// The reason of the event that tells of it, as kubelet's image manager has it.
        var event: String {
            switch reason {
            case "InvalidImageName", "ImageInspectError": "InspectFailed"
            case "ErrImageNeverPull": reason
            default: "Failed"
            }
        }
    }

    static let patience = Duration.seconds(60)
    /// How long a registry may take when the image is present anyway.
    static let presentPullLimit = Duration.seconds(5)

    private let runtime: any ContainerRuntime
    private let clock: ControlClock
    private let silentUntil = Mutex<[String: Timestamp]>([:])

    init(runtime: any ContainerRuntime, clock: ControlClock) {
        self.runtime = runtime
        self.clock = clock
    }

    func image(
        _ reference: String, policy: String, pulling: () -> Void
    ) async throws(Failure) -> (ImageStatus, Origin) {
        if let objection = ImageReference.objection(to: reference) {
            throw Failure(
                reason: "InvalidImageName",
                message: "Failed to apply default image tag \"\(reference)\": couldn't parse image name "
                    + "\"\(reference)\": \(objection)")
        }
        let present: ImageStatus?
        do throws(RuntimeError) {
            present = try await runtime.image(reference)
        } catch {
            throw Failure(
                reason: "ImageInspectError", message: "Failed to inspect image \"\(reference)\": \(error.text)")
        }
        switch (policy, present) {
        case ("Never", nil):
            throw Failure(
                reason: "ErrImageNeverPull",
                message: "Container image \"\(reference)\" is not present with pull policy of Never")
        case ("Never", .some(let image)), ("IfNotPresent", .some(let image)), ("", .some(let image)):
            return (image, .present)
        case (_, .some(let image)):
            if let until = silentUntil.withLock({ $0[Self.registry(of: reference)] }), until > clock.now() {
                return (image, .presentWithoutRegistry("the registry did not answer a short while ago"))
            }
            pulling()
            return try await pullOrUse(image, reference)
        case (_, nil):
            pulling()
            let started = clock.uptime()
            do throws(RuntimeError) {
                let image = try await runtime.pull(reference)
                return (image, .pulled(clock.uptime() - started))
            } catch {
                throw Self.pullFailure(reference, error)
            }
        }
    }

    private func pullOrUse(_ image: ImageStatus, _ reference: String) async throws(Failure) -> (ImageStatus, Origin) {
        let started = clock.uptime()
        let pulled = await withTaskGroup(of: Result<ImageStatus, RuntimeError>.self) { group in
            group.addTask {
                do throws(RuntimeError) {
                    return .success(try await self.runtime.pull(reference))
                } catch {
                    return .failure(error)
                }
            }
            group.addTask {
                try? await self.clock.sleep(Self.presentPullLimit)
                return .failure(.timedOut("no answer within \(GoDuration.text(Self.presentPullLimit))"))
            }
            let first = await group.next() ?? .failure(.failed("cancelled"))
            group.cancelAll()
            return first
        }
        switch pulled {
        case .success(let image): return (image, .pulled(clock.uptime() - started))
        case .failure(let error):
            guard Self.isUnreachable(error) else { throw Self.pullFailure(reference, error) }
            // A pull that was given up says nothing about its registry.
            if Task.isCancelled { return (image, .presentWithoutRegistry(error.text)) }
            silentUntil.withLock { $0[Self.registry(of: reference)] = clock.now() + Self.patience }
            return (image, .presentWithoutRegistry(error.text))
        }
    }

    private static func pullFailure(_ reference: String, _ error: RuntimeError) -> Failure {
        Failure(reason: "ErrImagePull", message: "failed to pull and unpack image \"\(reference)\": \(error.text)")
    }

    private static let networkFailures = [
        "dial tcp", "connection refused", "connection reset by peer", "no such host", "i/o timeout",
        "tls handshake timeout", "network is unreachable", "network unreachable", "no route to host",
        "temporary failure in name resolution", "deadline exceeded",
    ]

    /// Whether a pull failed because nobody answered. The runtime reports many of these only in words.
    static func isUnreachable(_ error: RuntimeError) -> Bool {
        switch error {
        case .unavailable, .timedOut: return true
        case .notFound: return false
        case .failed(let text):
            let text = text.lowercased()
            return networkFailures.contains { text.contains($0) }
        }
    }

    /// The registry that a reference names; Docker's when it names none.
    static func registry(of reference: String) -> String {
        let first = reference.split(separator: "/", maxSplits: 1).first.map(String.init) ?? ""
        let isHost = reference.contains("/") && (first.contains(".") || first.contains(":") || first == "localhost")
        return isHost ? first : "docker.io"
    }
}
