using HunyuanOrleans.Model;

namespace HunyuanOrleans.Cli.Pulling;

/// <summary>Pulls the chosen files of a model, several at once. It does not know how progress is shown.</summary>
/// <param name="endpoint">The hub.</param>
/// <param name="reference">The model.</param>
/// <param name="settings">How to go about it.</param>
/// <param name="tell">Told of failures that are tried again.</param>
internal sealed class PullRun(HubEndpoint endpoint, HubReference reference, PullSettings settings, Action<string> tell) : IDisposable
{
    private const string Config = "config.json";

    // As long as silence in the middle of a file.
    private readonly HubConnection _connection = new(endpoint, reference, settings.Stall, settings.Time);
    private readonly Patience _patience = new(settings.Pause ?? ((wait, cancellation) => Task.Delay(wait, settings.Time, cancellation)), tell);

    /// <summary>What the revision has.</summary>
    /// <exception cref="ModelException">There is no such model, or no file is chosen.</exception>
    public async Task<HubSnapshot> ListAsync(IReadOnlyList<string> include, CancellationToken cancellation)
    {
        HubSnapshot all = await new HubListing(_connection, endpoint, _patience).ReadAsync(reference, cancellation);
        FilePatterns patterns = new(include);
        HubSnapshot chosen = all with { Files = [.. all.Files.Where(file => patterns.Match(file.Path))] };
        return chosen.Files.Count > 0
            ? chosen
            : throw new ModelException(all.Files.Count == 0
                ? $"{reference.Repository} has no files at {reference.Revision}."
                : $"None of the {all.Files.Count} files of {reference.Repository} matches {string.Join(" or ", include)}; it has {all.Files[0].Path}, for example.");
    }

    /// <summary>Pulls files into a folder.</summary>
    /// <param name="snapshot">What to pull.</param>
    /// <param name="to">The folder.</param>
    /// <param name="meter">Told how far it is.</param>
    /// <param name="cancellation">Stops; what is there is kept for the next time.</param>
    /// <exception cref="ModelException">A file cannot be had or written.</exception>
    public async Task RunAsync(HubSnapshot snapshot, string to, PullMeter meter, CancellationToken cancellation)
    {
        using PullFolder folder = PullFolder.Open(to);
        folder.CheckRoom(snapshot.Files);
        HubListing listing = new(_connection, endpoint, _patience);
        ParallelOptions parallel = new() { MaxDegreeOfParallelism = settings.Parallel, CancellationToken = cancellation };
        // A folder counts as a model once it has a config.json: that comes when everything else is there.
        foreach (IGrouping<bool, HubFile> files in snapshot.Files.GroupBy(IsConfig).OrderBy(static group => group.Key))
        {
            await Parallel.ForEachAsync(files, parallel, async (file, token) =>
                await new FilePull(file, listing.Address(reference, snapshot, file), folder, _connection, settings, meter).RunAsync(_patience, token));
        }
    }

    private static bool IsConfig(HubFile file) => file.Path == Config || file.Path.EndsWith("/" + Config, StringComparison.Ordinal);

    public void Dispose() => _connection.Dispose();
}
