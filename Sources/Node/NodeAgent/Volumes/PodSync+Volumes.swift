internal import APIProtocol
internal import ControllerRuntime
internal import Kinds
internal import NodeInterfaces
internal import ObjectModel

extension PodSync {
    /// Why a volume is not there yet: for the event, with the volume's name.
    struct VolumeFailure: Error {
        var volume: String
        var message: String
    }

    var fields: PodFields {
        PodFields(
            pod: pod, podIPs: pod.view.status.podIPs, nodeAddress: environment.configuration.nodeAddress,
            capacity: environment.configuration.capacity)
    }

    /// The ConfigMaps and Secrets that the pod refers to, as far as they are there.
    func referencedData() async -> ReferencedData {
        let names = ReferencedData.names(in: pod)
        var data = ReferencedData()
        for name in names.configMaps {
            data.configMaps[name] = await environment.objects.configMap(key(name))
        }
        for name in names.secrets {
            data.secrets[name] = await environment.objects.secret(key(name))
        }
        return data
    }

    private func key(_ name: String) -> NamespacedName { NamespacedName(namespace: pod.key.namespace, name: name) }

    /// Sets up every mounted volume that is new or whose content has changed.
    mutating func setUpVolumes(_ data: ReferencedData) async throws(VolumeFailure) {
        let mounted = PodVolumes.mounted(in: pod)
        if mounted.contains(where: { $0.source["projected"] != nil }) { await fetchTokens() }
        let contents = VolumeContents(fields: fields, data: data, tokens: tokenTexts)
        for volume in mounted {
            let request = try await request(for: volume, contents)
            if volumes.requests[volume.name] == request { continue }
            guard !environment.configuration.isSimulated else {
                volumes.requests[volume.name] = request
                volumes.hostPaths[volume.name] = request.targetPath
                continue
            }
            guard let plugin = environment.plugins.first(where: { $0.serves(request.source) }) else {
                throw VolumeFailure(
                    volume: volume.name, message: "no volume plugin matched: \(volume.sourceType) is not supported")
            }
            do throws(VolumeError) {
                volumes.hostPaths[volume.name] = try await plugin.setUp(request)
                volumes.requests[volume.name] = request
            } catch {
                throw VolumeFailure(volume: volume.name, message: error.description)
            }
        }
    }

    private func request(
        for volume: VolumeView, _ contents: VolumeContents
    ) async throws(VolumeFailure) -> VolumeRequest {
        let files: [String: VolumeFile]
        do throws(ConfigurationError) {
            files = try contents.files(of: volume)
        } catch {
            throw VolumeFailure(volume: volume.name, message: error.description)
        }
        var source = volume.source
        if let claim = claimName(of: volume) { source["persistentVolume"] = try await boundVolume(claim, volume.name) }
        return VolumeRequest(
            pod: pod.identity, name: volume.name, source: source, files: files,
            fsGroup: SecuritySettings.fsGroup(pod.view.spec),
            fsGroupChangePolicy: SecuritySettings.fsGroupChangePolicy(pod.view.spec),
            targetPath: paths.volume(volume.name))
    }

    /// The claim of a volume: by name, or the one made for an ephemeral volume.
    private func claimName(of volume: VolumeView) -> String? {
        volume.claimName ?? (volume.source["ephemeral"] == nil ? nil : "\(pod.key.name)-\(volume.name)")
    }

    private func boundVolume(_ name: String, _ volume: String) async throws(VolumeFailure) -> Value {
        guard let claim = await environment.objects.claim(key(name)) else {
            throw VolumeFailure(volume: volume, message: "persistentvolumeclaim \"\(name)\" not found")
        }
        guard claim.isBound, !claim.volumeName.isEmpty else {
            throw VolumeFailure(volume: volume, message: "PVC \(pod.key.namespace)/\(name) is not bound")
        }
        guard let bound = await environment.objects.volume(claim.volumeName) else {
            throw VolumeFailure(volume: volume, message: "persistentvolume \"\(claim.volumeName)\" not found")
        }
        return bound.spec
    }

    /// Brings changed content to a pod that runs; returns when to look again, nil when nothing ever changes by itself.
    mutating func refreshVolumes() async -> Duration? {
        let mounted = PodVolumes.mounted(in: pod)
        guard !mounted.isEmpty else { return nil }
        do throws(VolumeFailure) {
            try await setUpVolumes(await referencedData())
        } catch {
            note(error)
            return .seconds(60)
        }
        return volumes.nextRefresh.map { max(.seconds(1), $0 - now) }
    }

    func note(_ failure: VolumeFailure) {
        environment.note(
            pod, .warning, "FailedMount",
            "MountVolume.SetUp failed for volume \"\(failure.volume)\" : \(failure.message)")
    }

    // MARK: Tokens

    /// The tokens' texts; on simulated nodes nobody can read them, and they are empty.
    private var tokenTexts: [TokenWish: String] {
        guard environment.configuration.isSimulated else { return volumes.tokens.mapValues(\.text) }
        return Dictionary(TokenWish.all(in: pod).map { ($0, "") }, uniquingKeysWith: { first, _ in first })
    }

    /// Gets the tokens that are missing or past 80 % of their life. One that cannot be replaced is used to its end.
    private mutating func fetchTokens() async {
        if environment.configuration.isSimulated { return }
        for wish in TokenWish.all(in: pod) {
            if let known = volumes.tokens[wish], known.refreshAt > now { continue }
            do throws(APIError) {
                volumes.tokens[wish] = try await fetch(wish)
            } catch {
                if let known = volumes.tokens[wish], known.expiresAt <= now { volumes.tokens[wish] = nil }
                let retryAt = now + .seconds(30)
                volumes.tokens[wish]?.refreshAt = retryAt
            }
        }
    }

    private func fetch(_ wish: TokenWish) async throws(APIError) -> FetchedToken {
        let account = pod.view.spec.serviceAccountName.isEmpty ? "default" : pod.view.spec.serviceAccountName
        let request: Value = [
            "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
            "metadata": ["name": .string(account), "namespace": .string(pod.key.namespace)],
            "spec": [
                "audiences": .array(wish.audience.isEmpty ? [] : [.string(wish.audience)]),
                "expirationSeconds": .integer(Int64(wish.expirationSeconds)),
                "boundObjectRef": [
                    "apiVersion": "v1", "kind": "Pod", "name": .string(pod.key.name), "uid": .string(pod.uid),
                ],
            ],
        ]
        let start = now
        let reply = try await environment.client.create(
            .serviceAccounts, namespace: pod.key.namespace, name: account, subresource: "token", request)
        let status = reply.child("status")
        let expiresAt =
            status["expirationTimestamp"]?.string.flatMap { Timestamp($0) } ?? start + .seconds(wish.expirationSeconds)
        return FetchedToken(
            text: status.text("token"), refreshAt: start + min((expiresAt - start) * 0.8, .seconds(86400)),
            expiresAt: expiresAt)
    }
}
