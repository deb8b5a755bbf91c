package import NodeInterfaces

/// The volume plugins of every node. A new plugin is a line here.
package enum BuiltinVolumePlugins {
    /// All of them; a source is served by the first that takes it.
    package static let all: [any VolumePlugin] = [
        PersistentVolumePlugin(), FileSetVolume(), EmptyDirVolume(), HostPathVolume(),
    ]
}
