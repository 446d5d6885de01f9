namespace HunyuanOrleans.Cli.Pulling;

/// <summary>A revision of a model, pinned: its files do not change while they are pulled.</summary>
/// <param name="Commit">The commit the revision meant when it was asked for.</param>
/// <param name="Files">All files, in the order listed.</param>
internal sealed record HubSnapshot(string Commit, IReadOnlyList<HubFile> Files);
