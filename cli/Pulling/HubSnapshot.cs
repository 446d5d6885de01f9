namespace HunyuanOrleans.Cli.Pulling;

/// <summary>The files of a model at one commit, so that they cannot change while they are pulled.</summary>
/// <param name="Commit">The commit that the revision pointed to when the files were listed.</param>
/// <param name="Files">The files, in the hub's order.</param>
internal sealed record HubSnapshot(string Commit, IReadOnlyList<HubFile> Files);
