using HunyuanOrleans.Server.Hosting;
using Microsoft.Extensions.Options;

namespace HunyuanOrleans.Server.Responses;

/// <summary>
/// Keeps responses in memory, up to the number, bytes and idle time of <see cref="ServerOptions"/>. The response that was not used for the longest time
/// is forgotten first. Thread-safe.
/// </summary>
internal sealed class ResponseStore : IDisposable
{
    private static readonly TimeSpan CheckInterval = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<(object Owner, string Id), LinkedListNode<Entry>> _entries = [];
    private readonly LinkedList<Entry> _byUse = [];
    private readonly ServerOptions _options;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private long _bytes;

    /// <summary>Creates an empty store.</summary>
    public ResponseStore(IOptions<ServerOptions> options, TimeProvider time)
    {
        _options = options.Value;
        _time = time;
        _timer = time.CreateTimer(
            static state =>
            {
                ResponseStore store = (ResponseStore)state!;
                lock (store._lock)
                {
                    store.RemoveExpired();
                }
            },
            this, CheckInterval, CheckInterval);
    }

    /// <summary>The responses of one caller.</summary>
    public StoredResponses Of(object owner) => new(this, owner);

    /// <summary>Keeps a response, unless it alone is larger than all may be.</summary>
    /// <param name="owner">The caller that may use it.</param>
    /// <param name="response">The response.</param>
    public void Add(object owner, StoredResponse response)
    {
        lock (_lock)
        {
            RemoveExpired();
            if (_options.MaxStoredResponses == 0 || response.Bytes > _options.MaxStoredResponseBytes)
            {
                return;
            }

            while (_entries.Count >= _options.MaxStoredResponses || _bytes + response.Bytes > _options.MaxStoredResponseBytes)
            {
                Remove(_byUse.First!);
            }

            _entries.Add((owner, response.Id), _byUse.AddLast(new Entry(owner, response, _time.GetTimestamp())));
            _bytes += response.Bytes;
        }
    }

    /// <summary>Returns a response, which counts as its use; null if there is none with this id.</summary>
    public StoredResponse? Find(object owner, string id)
    {
        lock (_lock)
        {
            RemoveExpired();
            if (!_entries.TryGetValue((owner, id), out LinkedListNode<Entry>? node))
            {
                return null;
            }

            _byUse.Remove(node);
            node.Value = node.Value with { Used = _time.GetTimestamp() };
            _byUse.AddLast(node);
            return node.Value.Response;
        }
    }

    /// <summary>Forgets a response. Returns whether there was one.</summary>
    public bool Remove(object owner, string id)
    {
        lock (_lock)
        {
            RemoveExpired();
            bool found = _entries.TryGetValue((owner, id), out LinkedListNode<Entry>? node);
            if (found)
            {
                Remove(node!);
            }

            return found;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();

    private void RemoveExpired()
    {
        while (_byUse.First is LinkedListNode<Entry> oldest && _time.GetElapsedTime(oldest.Value.Used) >= _options.StoredResponseLifetime)
        {
            Remove(oldest);
        }
    }

    private void Remove(LinkedListNode<Entry> node)
    {
        _byUse.Remove(node);
        _entries.Remove((node.Value.Owner, node.Value.Response.Id));
        _bytes -= node.Value.Response.Bytes;
    }

    private sealed record Entry(object Owner, StoredResponse Response, long Used);
}
