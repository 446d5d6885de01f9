using HunyuanOrleans.Contracts.Messages;

namespace HunyuanOrleans.Grains.Adapters;

/// <summary>The adapters that are being added. Callers ask again until silos have read the files, however long that takes. Not thread-safe.</summary>
/// <param name="time">The clock.</param>
internal sealed class AdapterLoads(TimeProvider time)
{
    /// <summary>How long after its last question a caller counts as gone. What was found for it is then not told to another one.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Dictionary<(string Name, string Folder), (Task<AdapterReply> Load, long Asked)> _loads = [];

    /// <summary>The load of an adapter: the one that the caller has asked for before, or a new one.</summary>
    /// <param name="name">Name of the adapter.</param>
    /// <param name="folder">Its folder.</param>
    /// <param name="start">Starts to add it.</param>
    public Task<AdapterReply> Ask(string name, string folder, Func<Task<AdapterReply>> start)
    {
        foreach (((string, string) key, (Task<AdapterReply> ended, long asked)) in _loads.ToArray())
        {
            if (ended.IsCompleted && time.GetElapsedTime(asked) > Patience)
            {
                _loads.Remove(key);
            }
        }

        Task<AdapterReply> load = _loads.TryGetValue((name, folder), out (Task<AdapterReply> Load, long Asked) known) ? known.Load : start();
        _loads[(name, folder)] = (load, time.GetTimestamp());
        return load;
    }

    /// <summary>Forgets a load whose end the caller was told.</summary>
    public void Forget(string name, string folder) => _loads.Remove((name, folder));
}
