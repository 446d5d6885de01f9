using HunyuanOrleans.Grains.Devices;
using HunyuanOrleans.Grains.Messages;
using HunyuanOrleans.Model;
using Microsoft.Extensions.Logging;

namespace HunyuanOrleans.Grains.Adapters;

/// <summary>
/// Which adapters of the cluster a silo can use: it must find the content that the other silos find. It keeps the records of all adapters. Thread-safe.
/// </summary>
/// <param name="host">The silo's share of the model.</param>
/// <param name="budget">Most bytes of adapters in memory; 0 to load none.</param>
/// <param name="logger">Receives why the silo cannot use an adapter.</param>
/// <param name="time">The clock.</param>
internal sealed class AdapterAgreement(ModelHost host, long budget, ILogger logger, TimeProvider time)
{
    /// <summary>How long a folder that could not be used is not read again.</summary>
    private static readonly TimeSpan FailureTime = TimeSpan.FromSeconds(5);

    /// <summary>How long answers are kept.</summary>
    private static readonly TimeSpan KeptTime = TimeSpan.FromHours(1);

    private readonly Lazy<AdapterRecord[]> _own = new(() =>
    [
        .. host.Settings.Adapters.Select(adapter =>
        {
            (string digest, long bytes) = AdapterFiles.Read(adapter.Value, host.Config);
            return new AdapterRecord(adapter.Key, digest, adapter.Value, bytes, time.GetUtcNow().ToUnixTimeSeconds(), 0, false);
        }),
    ]);

    private readonly Lock _gate = new();
    private readonly HashSet<AdapterProblem> _logged = [];
    private readonly Dictionary<(string Folder, string Digest, long Created), (Task<AdapterCheck> Result, long Started)> _checks = [];

    /// <summary>The adapters of the cluster, as far as this silo has been told.</summary>
    public AdapterTable Table { get; } = new();

    /// <summary>Why the silo computes no adapters at all, as one sentence; null if it does.</summary>
    public string? Refusal => host.Settings.AdapterRefusal
        ?? (budget == 0 ? "The silo was started without memory for adapters; allowed: --lora-memory." : null);

    /// <summary>The folder from which this silo loads an adapter: one that it was started with if it has the content, or else that of the record.</summary>
    public string FolderOf(AdapterMessage adapter) => OwnFolder(adapter.Digest) ?? adapter.Folder;

    /// <summary>Adds the records of the scheduler, and checks all adapters.</summary>
    public async Task<AdapterReport> SyncAsync(AdapterRecord[] records)
    {
        AdapterRecord[] before = Table.All, own = await Task.Run(() => _own.Value);
        Table.Merge(records);
        AdapterRecord[] live = [.. Table.Live];
        AdapterCheck[] checks = await Task.WhenAll(live.Select(CheckAsync));
        AdapterProblem[] problems =
            [.. live.Zip(checks).Where(static pair => pair.Second.Problem is not null).Select(static pair => new AdapterProblem(pair.First.Name, pair.Second.Problem!))];
        Log(problems);
        return new AdapterReport(before, own, Refusal is null ? budget : 0, problems);
    }

    /// <summary>Checks an adapter. Several calls for one folder read it once.</summary>
    /// <param name="adapter">The adapter; its digest is empty if any content is right.</param>
    public Task<AdapterCheck> CheckAsync(AdapterRecord adapter)
    {
        lock (_gate)
        {
            // A question for any content is asked again until it is answered, and each has a time of its own: files may change between two of them.
            (string, string, long) key = (adapter.Folder, adapter.Digest, adapter.Digest.Length == 0 ? adapter.Created : 0);
            if (_checks.TryGetValue(key, out (Task<AdapterCheck> Result, long Started) check) && IsFresh(check.Result, check.Started, adapter))
            {
                return check.Result;
            }

            DropOld();
            Task<AdapterCheck> result = Task.Run(() => CheckAndKeep(adapter));
            _checks[key] = (result, time.GetTimestamp());
            return result;
        }
    }

    // Each is logged once: the scheduler asks again and again.
    private void Log(AdapterProblem[] problems)
    {
        lock (_gate)
        {
            foreach (AdapterProblem problem in problems.Where(_logged.Add))
            {
                AdapterLog.CannotUse(logger, problem.Name, host.Settings.Name, problem.Reason);
            }

            _logged.IntersectWith(problems);
        }
    }

    private bool IsFresh(Task<AdapterCheck> result, long started, AdapterRecord adapter) =>
        !result.IsCompleted
        || (result.IsCompletedSuccessfully && (adapter.Digest.Length == 0 || result.Result.Problem is null || time.GetElapsedTime(started) < FailureTime));

    private void DropOld()
    {
        foreach (((string, string, long) key, (Task<AdapterCheck> result, long started)) in _checks.ToArray())
        {
            // What was found of an adapter that is served is asked for with every exchange, and takes reading all of it.
            bool isServed = result.IsCompletedSuccessfully && result.Result.Problem is null && Table.Live.Any(record => record.Digest == key.Item2);
            if (result.IsCompleted && !isServed && time.GetElapsedTime(started) > KeptTime)
            {
                _checks.Remove(key);
            }
        }
    }

    // The same question with the content that was found would read the files again.
    private AdapterCheck CheckAndKeep(AdapterRecord adapter)
    {
        AdapterCheck found = Check(adapter);
        if (adapter.Digest.Length == 0 && found.Problem is null)
        {
            lock (_gate)
            {
                _checks[(adapter.Folder, found.Digest, 0)] = (Task.FromResult(found), time.GetTimestamp());
            }
        }

        return found;
    }

    private AdapterCheck Check(AdapterRecord adapter)
    {
        if (Refusal is { } refusal)
        {
            return new AdapterCheck("", 0, refusal);
        }

        try
        {
            (string digest, long bytes) = adapter.Digest.Length > 0 && OwnFolder(adapter.Digest) is not null
                ? (adapter.Digest, adapter.Bytes)
                : AdapterFiles.Read(adapter.Folder, host.Config);
            return bytes > budget ? new AdapterCheck("", bytes, $"{adapter.Folder}: the adapter takes {bytes} bytes in memory; allowed: at most {budget} for all adapters together.")
                : adapter.Digest.Length > 0 && adapter.Digest != digest ? new AdapterCheck("", bytes, $"{adapter.Folder}: the adapter has another content than on other silos.")
                : new AdapterCheck(digest, bytes, null);
        }
        catch (ModelException wrong)
        {
            return new AdapterCheck("", 0, wrong.Message);
        }
    }

    private string? OwnFolder(string digest) => Array.Find(_own.Value, record => record.Digest == digest)?.Folder;
}
