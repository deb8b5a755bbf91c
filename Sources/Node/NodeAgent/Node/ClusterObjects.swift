package import APIProtocol
package import ControllerRuntime
internal import Kinds
internal import ObjectModel
internal import Synchronization

/// The objects beside pods that agents read: one set of caches for all agents of a process.
///
/// A name that a cache does not have yet is asked of the API once more, since a pod can be older than the news of its
/// ConfigMap.
package final class ClusterObjects: ControlLoop {
    package let name = "objects that pods refer to"

    private let client: APIClient
    private let clock: ControlClock
    let services = ObjectCache<ServiceView>()
    private let configMaps = ObjectCache<ConfigMapView>()
    private let secrets = ObjectCache<SecretView>()
    private let claims = ObjectCache<PersistentVolumeClaimView>()
    private let volumes = ObjectCache<PersistentVolumeView>()
    private let listeners = Mutex<[@Sendable (Reference) -> Void]>([])

    /// An object that a pod refers to.
    struct Reference: Sendable, Hashable {
        var kind: String
        var key: NamespacedName

        /// What a pod refers to, as far as a change of it matters to a pod that runs or waits.
        static func all(in pod: AgentPod) -> Set<Reference> {
            let names = ReferencedData.names(in: pod)
            func named(_ kind: APIResource, _ name: String) -> Reference {
                Reference(kind: kind.kind, key: NamespacedName(namespace: pod.key.namespace, name: name))
            }
            let claims = pod.view.spec.volumes.compactMap { volume in
                volume.claimName ?? volume.source["ephemeral"].map { _ in "\(pod.key.name)-\(volume.name)" }
            }
            return Set(
                names.configMaps.map { named(.configMaps, $0) } + names.secrets.map { named(.secrets, $0) }
                    + claims.map { named(.persistentVolumeClaims, $0) })
        }
    }

    /// Caches fed through `client` while `run` runs.
    package init(client: APIClient, clock: ControlClock = .system) {
        self.client = client
        self.clock = clock
        follow(configMaps)
        follow(secrets)
        follow(claims)
    }

    /// Feeds the caches until the task is cancelled.
    package func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await Informer(self.services, client: self.client, clock: self.clock).run() }
            group.addTask { await Informer(self.configMaps, client: self.client, clock: self.clock).run() }
            group.addTask { await Informer(self.secrets, client: self.client, clock: self.clock).run() }
            group.addTask { await Informer(self.claims, client: self.client, clock: self.clock).run() }
            group.addTask { await Informer(self.volumes, client: self.client, clock: self.clock).run() }
        }
    }

    /// Calls `listener` with each object that has changed.
    func onChange(_ listener: @escaping @Sendable (Reference) -> Void) {
        listeners.withLock { $0.append(listener) }
    }

    private func follow<View: ObjectView>(_ cache: ObjectCache<View>) {
        cache.onChange { [weak self] change in
            guard let self else { return }
            let reference = Reference(kind: View.resource.kind, key: change.latest.key)
            for listener in listeners.withLock({ $0 }) { listener(reference) }
        }
    }

    /// Every Service, for the environment of containers.
    var allServices: [ServiceView] { services.allObjects.map(\.view) }

    func configMap(_ key: NamespacedName) async -> ConfigMapView? { await find(key, in: configMaps) }
    func secret(_ key: NamespacedName) async -> SecretView? { await find(key, in: secrets) }
    func volume(_ name: String) async -> PersistentVolumeView? { await find(NamespacedName(name: name), in: volumes) }

    /// A claim; one that is not bound is read again from the API.
    func claim(_ key: NamespacedName) async -> PersistentVolumeClaimView? {
        if let known = claims.object(key)?.view, known.isBound { return known }
        return await read(key, PersistentVolumeClaimView.self)
    }

    private func find<View: ObjectView>(_ key: NamespacedName, in cache: ObjectCache<View>) async -> View? {
        if let known = cache.object(key) { return known.view }
        return await read(key, View.self)
    }

    private func read<View: ObjectView>(_ key: NamespacedName, _ view: View.Type) async -> View? {
        do throws(APIError) {
            return View(try await client.get(View.resource, namespace: key.namespace, name: key.name))
        } catch {
            return nil
        }
    }
}
