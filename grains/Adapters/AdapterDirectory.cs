using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Adapters;
using HunyuanOrleans.Engine.Execution;
using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Grains.Execution;
using HunyuanOrleans.Grains.Messages;
using Microsoft.Extensions.Logging;

namespace HunyuanOrleans.Grains.Adapters;

/// <summary>
/// The scheduler's side of a model's adapters: it collects what the silos know, adds and removes adapters, tells all silos, and finds the adapters that requests
/// name. An adapter is added when every silo that computes has found the same content. Thread-safe.
/// </summary>
/// <param name="model">Name of the model.</param>
/// <param name="view">The silos of the cluster.</param>
/// <param name="logger">Receives changes.</param>
/// <param name="time">The clock.</param>
/// <param name="knownTimeout">How long requests wait for the first plan, beside the time for which silos read adapters.</param>
internal sealed class AdapterDirectory(string model, ClusterView view, ILogger logger, TimeProvider time, TimeSpan knownTimeout)
{
    /// <summary>Plans after which the list counts as known although a silo has told nothing, as one of a version without adapters.</summary>
    private const int MaxUnknownPlans = 3;

    private readonly AdapterTable _table = new();
    private readonly AdapterLeases _leases = new();
    private readonly AdapterCalls _calls = new(model, view, logger, time);
    private readonly SemaphoreSlim _turn = new(1);
    private readonly TaskCompletionSource _known = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Dictionary<string, AdapterMember> _members = new(StringComparer.Ordinal);
    private readonly HashSet<string> _reported = [];
    private int _plans;
    private long _readingUntil;

    /// <summary>Called when the next plan may use other silos, or has to tell one of a change. Default null: it comes with the next change of the cluster.</summary>
    public Action? PlanWanted { get; set; }

    /// <summary>Version of the list; 0 if there were never any adapters.</summary>
    public long Version => _table.Version;

    /// <summary>
    /// Exchanges records with silos that a plan may use. Those that cannot use an adapter that other silos use are left out of the model: their rows would differ.
    /// </summary>
    /// <param name="silos">The silos.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>The silos without those that were left out.</returns>
    public async Task<SiloCapacity[]> SyncAsync(SiloCapacity[] silos, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            Enter(silos);
            await ExchangeAsync();
            if (await AdmitAsync())
            {
                await ExchangeAsync();
            }

            Dictionary<string, string> problems = FindProblems();
            AdapterMember[] loading = [.. _members.Values.Where(member => member is { Computes: true, Report.Budget: > 0 } && !problems.ContainsKey(member.Name))];
            _leases.Budget = loading.Select(static member => member.Report!.Budget).DefaultIfEmpty(long.MaxValue).Min();

            // Steps may name all adapters in use, and one that does not fit would wait for itself. No further ones are used meanwhile.
            foreach (AdapterMember member in loading.Where(member => member.Report!.Budget < _leases.UsedBytes))
            {
                problems.Add(member.Name, $"has {member.Report!.Budget} bytes for adapters, and those in use take {_leases.UsedBytes}; it waits until answers have ended");
            }

            bool isReading = _members.Values.Any(static member => member.IsReading);
            if (isReading)
            {
                Volatile.Write(ref _readingUntil, time.GetTimestamp());
            }

            if (_members.Values.All(static member => member.Report is not null) || (!isReading && ++_plans >= MaxUnknownPlans))
            {
                _known.TrySetResult();
            }

            // A silo that has told nothing may have been started with adapters.
            bool isOpen = OpenCandidates().Length > 0 || _members.Values.Any(member => Version > 0 ? member.IsUntold(Version) : member.Report is null);
            view.LeaveOut(problems, isBrief: !_known.Task.IsCompleted || isReading, again: isOpen);
            return [.. silos.Where(silo => !problems.ContainsKey(silo.Name))];
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Adds an adapter. It may take as long as silos read it.</summary>
    public async Task<AdapterReply> LoadAsync(string name, string folder)
    {
        if (AdapterNames.WhyNot(name) is { } wrong)
        {
            return new AdapterReply(wrong, 0);
        }

        await UntilKnownAsync();
        AdapterRecord candidate = new(name, "", folder, 0, time.GetUtcNow().ToUnixTimeSeconds(), 0, false);
        Dictionary<SiloAddress, AdapterCheck> checks = [];
        while (true)
        {
            // Silos read outside of the turn: planning must not wait for them.
            AdapterMember[] members = await MembersAsync();
            AdapterMember[] open = [.. members.Where(member => !checks.ContainsKey(member.Address))];
            if (open.Length > 0)
            {
                AdapterCheck[] found = await Task.WhenAll(open.Select(member => _calls.CheckAsync(member, candidate)));
                for (int i = 0; i < open.Length; i++)
                {
                    checks[open[i].Address] = found[i];
                }
            }

            if (FindProblem(name, folder, members, checks) is { } problem)
            {
                return new AdapterReply(problem, 0);
            }

            if (await TryAddAsync(candidate, members, checks) is { } reply)
            {
                return reply;
            }
        }
    }

    /// <summary>Removes an adapter. Requests that use it go on.</summary>
    /// <returns>False if there is none of this name.</returns>
    public async Task<bool> UnloadAsync(string name)
    {
        await UntilKnownAsync();
        await _turn.WaitAsync();
        try
        {
            if (_table.FindLive(name) is not { } record)
            {
                return false;
            }

            _table.Merge([record with { IsRemoved = true, Version = _table.Version + 1 }]);
            AdapterLog.Removed(logger, name, model);
            await ExchangeAsync();

            // Silos that were left out because of it can be used again.
            PlanWanted?.Invoke();
            return true;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Finds the adapter of a request, and waits until there is room for it in the memory of the silos.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="digest">The content that the request has begun with; null if it has not begun.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="RequestException">There is no such adapter.</exception>
    /// <exception cref="ExecutorException">The silos have not told which adapters there are, and the deadline has passed.</exception>
    public async Task<ClusterAdapter> AcquireAsync(string name, string? digest, CancellationToken cancellationToken)
    {
        if (!await IsKnownInTimeAsync(cancellationToken).ConfigureAwait(false))
        {
            throw new ExecutorException("The adapters of the cluster are not known yet. Try the request again later.");
        }

        AdapterRecord? record = _table.Find(name);

        // Answers that have begun end with an adapter that was removed meanwhile.
        return record is not null && (digest is null ? !record.IsRemoved : record.Digest == digest)
            ? await _leases.AcquireAsync(record, cancellationToken).ConfigureAwait(false)
            : throw new RequestException("model", $"The adapter '{name}' does not exist any more.");
    }

    private async Task UntilKnownAsync()
    {
        if (!await IsKnownInTimeAsync(CancellationToken.None))
        {
            throw new GrainCallException($"The adapters of model {model} are not known yet.");
        }
    }

    // As with weights, the deadline counts from the end of reading: large adapters take longer than any constant.
    private async Task<bool> IsKnownInTimeAsync(CancellationToken cancellationToken)
    {
        long started = time.GetTimestamp();
        while (!_known.Task.IsCompleted)
        {
            TimeSpan left = knownTimeout - time.GetElapsedTime(Math.Max(started, Volatile.Read(ref _readingUntil)));
            if (left <= TimeSpan.Zero)
            {
                return false;
            }

            await ((Task)_known.Task.WaitAsync(left, time, cancellationToken)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
        }

        return true;
    }

    private void Enter(SiloCapacity[] silos)
    {
        foreach (SiloCapacity silo in silos)
        {
            if (view.Find(silo.Name) is { } address && _members.GetValueOrDefault(silo.Name)?.Address.Equals(address) != true)
            {
                _members[silo.Name] = new AdapterMember(silo.Name, address, silo.Role != SiloRole.Gateway);
            }
        }

        foreach (AdapterMember gone in _members.Values.Where(member => !member.Address.Equals(view.Find(member.Name))).ToArray())
        {
            _members.Remove(gone.Name);
        }
    }

    private async Task<AdapterMember[]> MembersAsync()
    {
        await _turn.WaitAsync();
        try
        {
            return [.. _members.Values.Where(member => member.Computes && member.Address.Equals(view.Find(member.Name)))];
        }
        finally
        {
            _turn.Release();
        }
    }

    // Records may come from several silos, so silos are asked until each has all of them.
    private async Task ExchangeAsync()
    {
        HashSet<string> asked = [];
        while (true)
        {
            long version = _table.Version;
            AdapterMember[] behind = [.. _members.Values.Where(member => member.IsBehind(version) && asked.Add($"{member.Name} {version}"))];
            if (behind.Length == 0)
            {
                return;
            }

            AdapterRecord[] records = _table.All;
            foreach (AdapterMember member in await Task.WhenAll(behind.Select(member => _calls.ExchangeAsync(member, version, records))))
            {
                _members[member.Name] = member;
                _table.Merge(member.Report?.Records ?? []);
            }
        }
    }

    // Adds the adapters with which silos were started. What cannot be added now is tried again after a while.
    private async Task<bool> AdmitAsync()
    {
        bool any = false;
        foreach ((AdapterMember member, AdapterRecord record) in OpenCandidates())
        {
            AdapterMember[] computing = [.. _members.Values.Where(static other => other.Computes)];
            AdapterCheck?[] checks = await Task.WhenAll(computing.Select(other => _calls.TryCheckAsync(other, record)));
            int wrong = Array.FindIndex(checks, static check => check is not { Problem: null });
            if (wrong >= 0)
            {
                string reason = $"silo {computing[wrong].Name}: {checks[wrong]?.Problem ?? "it has not read the adapter yet."}";
                if (checks[wrong] is not null && _reported.Add($"{record.Name} {reason}"))
                {
                    AdapterLog.NotAdmitted(logger, record.Name, model, member.Name, reason);
                }

                continue;
            }

            Add(record);
            any = true;
        }

        return any;
    }

    private (AdapterMember Member, AdapterRecord Record)[] OpenCandidates() =>
    [
        .. _members.Values.SelectMany(static member => (member.Report?.Own ?? []).Select(record => (Member: member, Record: record)))
            .Where(candidate => _table.Find(candidate.Record.Name) is null).DistinctBy(static candidate => candidate.Record.Name),
    ];

    private void Add(AdapterRecord record)
    {
        _table.Merge([record with { Version = _table.Version + 1 }]);
        AdapterLog.Added(logger, record.Name, model, record.Bytes, record.Folder);
    }

    // Null if a silo that computes was not asked.
    private async Task<AdapterReply?> TryAddAsync(AdapterRecord candidate, AdapterMember[] members, Dictionary<SiloAddress, AdapterCheck> checks)
    {
        await _turn.WaitAsync();
        try
        {
            if (_members.Values.Any(member => member.Computes && !checks.ContainsKey(member.Address) && member.Address.Equals(view.Find(member.Name))))
            {
                return null;
            }

            if (_table.FindLive(candidate.Name) is not null)
            {
                return new AdapterReply($"There is already an adapter named '{candidate.Name}'; allowed: another name, or to unload that one first.", 0);
            }

            AdapterCheck found = checks[members[0].Address];
            Add(candidate with { Digest = found.Digest, Bytes = found.Bytes });
            await ExchangeAsync();
            if (_members.Values.Any(member => member.IsUntold(Version)))
            {
                PlanWanted?.Invoke();
            }

            return new AdapterReply(null, found.Bytes);
        }
        finally
        {
            _turn.Release();
        }
    }

    private string? FindProblem(string name, string folder, AdapterMember[] members, Dictionary<SiloAddress, AdapterCheck> checks)
    {
        if (members.Length == 0)
        {
            return "No silo of the cluster can compute with an adapter now; try again later.";
        }

        if (_table.FindLive(name) is not null)
        {
            return $"There is already an adapter named '{name}'; allowed: another name, or to unload that one first.";
        }

        AdapterMember first = members[0];
        foreach (AdapterMember member in members)
        {
            if (checks[member.Address].Problem is { } problem)
            {
                return $"Silo {member.Name}: {problem}";
            }

            if (checks[member.Address].Digest != checks[first.Address].Digest)
            {
                return $"Silos {first.Name} and {member.Name} find different adapters in {folder}; allowed: the same files on every silo.";
            }
        }

        return null;
    }

    // If no silo can use an adapter, the adapter is at fault, and requests that name it fail.
    private Dictionary<string, string> FindProblems()
    {
        Dictionary<string, string> problems = [];
        foreach (AdapterRecord adapter in _table.Live)
        {
            AdapterMember[] computing = [.. _members.Values.Where(static member => member.Computes)];
            if (!computing.Any(member => ProblemOf(member, adapter) is null))
            {
                continue;
            }

            foreach (AdapterMember member in computing)
            {
                if (ProblemOf(member, adapter) is { } problem)
                {
                    problems.TryAdd(member.Name, $"cannot use adapter {adapter.Name}: {problem.TrimEnd('.')}");
                }
            }
        }

        return problems;
    }

    private string? ProblemOf(AdapterMember member, AdapterRecord adapter) =>
        member.IsReading || member.Report is null || member.Version != _table.Version ? "it has not read the adapter yet"
        : Array.Find(member.Report.Problems, problem => problem.Name == adapter.Name)?.Reason;
}
