using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Checkpoints;

namespace HunyuanOrleans.Cli.Pulling;

/// <summary>Downloads the selected files of a model, several at a time. Does not know how progress is shown.</summary>
/// <param name="endpoint">The hub.</param>
/// <param name="reference">The model.</param>
/// <param name="settings">Parallelism, timeouts and the clock.</param>
/// <param name="warn">Receives a message for every failure that is retried.</param>
internal sealed class ModelPull(HubEndpoint endpoint, HubReference reference, PullSettings settings, Action<string> warn) : IDisposable
{
    private const string Config = "config.json";

    private readonly HubConnection _connection = new(endpoint, reference, settings.StallTimeout, settings.Time);
    private readonly RetryPolicy _retryPolicy = new(settings.Delay ?? ((wait, cancellation) => Task.Delay(wait, settings.Time, cancellation)), warn);

    /// <summary>Lists the files of the revision that match the patterns.</summary>
    /// <param name="include">Patterns as in <see cref="FilePatterns"/>; an empty list selects every file.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <exception cref="ModelException">There is no such model, or no file matches.</exception>
    public async Task<HubSnapshot> ListAsync(IReadOnlyList<string> include, CancellationToken cancellation)
    {
        HubSnapshot all = await new HubListing(_connection, endpoint, _retryPolicy).ReadAsync(reference, cancellation);
        FilePatterns patterns = new(include);
        HubSnapshot chosen = all with { Files = [.. all.Files.Where(file => patterns.Match(file.Path))] };
        return chosen.Files.Count > 0
            ? chosen
            : throw new ModelException(all.Files.Count == 0
                ? $"{reference.Repository} has no files at {reference.Revision}."
                : $"None of the {all.Files.Count} files of {reference.Repository} matches {string.Join(" or ", include)}; one of its files is {all.Files[0].Path}.");
    }

    /// <summary>Downloads files into a folder.</summary>
    /// <param name="snapshot">The files.</param>
    /// <param name="to">The folder.</param>
    /// <param name="progress">Counts files and bytes.</param>
    /// <param name="cancellation">Stops the download; the bytes received so far are kept for the next pull.</param>
    /// <exception cref="ModelException">A file cannot be downloaded or written.</exception>
    public async Task RunAsync(HubSnapshot snapshot, string to, PullProgressTracker progress, CancellationToken cancellation)
    {
        using PullFolder folder = PullFolder.Open(to);
        folder.EnsureFreeSpace(snapshot.Files);
        HubListing listing = new(_connection, endpoint, _retryPolicy);
        ParallelOptions parallel = new() { MaxDegreeOfParallelism = settings.MaxParallelFiles, CancellationToken = cancellation };
        // A folder with a config.json counts as a model, so config.json comes last, when all other files are complete.
        foreach (IGrouping<bool, HubFile> files in snapshot.Files.GroupBy(IsConfig).OrderBy(static group => group.Key))
        {
            await Parallel.ForEachAsync(files, parallel, async (file, token) =>
                await new FilePull(file, listing.Address(reference, snapshot, file), folder, _connection, settings, progress).RunAsync(_retryPolicy, token));
            AddSums(to, [.. files.Where(static file => file.Digest.Kind == DigestKind.Sha256)]);
        }
    }

    // Silos compare these digests: two of them hold the same weights if their files were verified against the same list.
    private static void AddSums(string folder, HubFile[] files)
    {
        if (files.Length > 0)
        {
            FileSums.Add(folder, files.Select(static file => KeyValuePair.Create(file.Path, file.Digest.Hex.ToLowerInvariant())));
        }
    }

    private static bool IsConfig(HubFile file) => file.Path == Config || file.Path.EndsWith("/" + Config, StringComparison.Ordinal);

    /// <inheritdoc/>
    public void Dispose() => _connection.Dispose();
}
