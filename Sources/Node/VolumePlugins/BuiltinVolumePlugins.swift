package import NodeInterfaces

/// The volume plugins of every node. A new plugin is a line here.
package enum BuiltinVolumePlugins {
    /// All of them; a source is served by the first that takes it. `LocalProvisioner` makes its volumes below `provisioned`.
    package static func all(provisioned: String) -> [any VolumePlugin] {
        [PersistentVolumePlugin(provisioned: provisioned), FileSetVolume(), EmptyDirVolume(), HostPathVolume()]
    }
}
