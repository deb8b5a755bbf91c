package import ObjectModel

/// A volume to make available on this node for a pod.
package struct VolumeRequest: Sendable, Hashable {
    /// The pod.
    package var pod: PodIdentity
    /// The volume's name in the pod.
    package var name: String
    /// The volume source as the pod has it (`{"emptyDir":{}}`), claims already resolved to the PersistentVolume's spec
    /// under `persistentVolume`.
    package var source: Value
    /// Files to write, for volumes whose content the agent has collected: path below the volume → content.
    package var files: [String: VolumeFile]
    /// The group that owns the files (`fsGroup`); nil leaves it.
    package var fsGroup: Int64?
    /// When that is done to a persistent volume.
    package var fsGroupChangePolicy: FSGroupChangePolicy
    /// Where it must appear; it is empty or as a former call left it.
    package var targetPath: String

    /// A request.
    package init(
        pod: PodIdentity, name: String, source: Value, files: [String: VolumeFile] = [:], fsGroup: Int64? = nil,
        fsGroupChangePolicy: FSGroupChangePolicy = .always, targetPath: String
    ) {
        self.pod = pod
        self.name = name
        self.source = source
        self.files = files
        self.fsGroup = fsGroup
        self.fsGroupChangePolicy = fsGroupChangePolicy
        self.targetPath = targetPath
    }
}

/// When the files of a persistent volume are given to `fsGroup`: a pod's `fsGroupChangePolicy`.
package enum FSGroupChangePolicy: String, Sendable, Hashable {
    /// At each set-up.
    case always = "Always"
    /// Only when the volume's root does not have the group and its permissions yet.
    case onRootMismatch = "OnRootMismatch"
}

/// One file of a configMap, secret, downwardAPI or projected volume.
package struct VolumeFile: Sendable, Hashable {
    /// Its bytes.
    package var content: [UInt8]
    /// Its permission bits.
    package var mode: Int

    /// A file.
    package init(content: [UInt8], mode: Int) {
        self.content = content
        self.mode = mode
    }
}

/// Why a volume is not available.
package struct VolumeError: Error, Sendable, Hashable, CustomStringConvertible {
    /// For people and events.
    package let description: String

    /// A reason.
    package init(_ description: String) { self.description = description }
}

/// Makes volumes of one sort available on a node. Both calls are idempotent: the agent repeats them after a crash.
package protocol VolumePlugin: Sendable {
    /// Whether this plugin serves a source.
    func serves(_ source: Value) -> Bool
    /// Makes the volume available and returns the host's path to mount into containers; called again with new `files`
    /// it swaps them atomically (readers see all old or all new files).
    func setUp(_ request: VolumeRequest) async throws(VolumeError) -> String
    /// Gives it back. Data of persistent volumes stays.
    func tearDown(_ request: VolumeRequest) async throws(VolumeError)
}

/// Makes and deletes the storage behind PersistentVolumes, for one provisioner name.
package protocol VolumeProvisioner: Sendable {
    /// The provisioner's name in StorageClasses, such as `ordinal.dev/local`.
    var name: String { get }
    /// Makes storage for a PersistentVolume `name` of at least `bytes`; returns the volume's source for its spec
    /// (`{"hostPath": …}`, `{"local": …}`) . Idempotent by name.
    func provision(name: String, bytes: Int64, parameters: [String: String]) async throws(VolumeError) -> Value
    /// Deletes the storage of a PersistentVolume, given its spec. Idempotent.
    func delete(name: String, spec: Value) async throws(VolumeError)
}
