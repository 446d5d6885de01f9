using System.Text.Json;
using Orleans.Core;
using Orleans.Storage;

namespace Orleans.Core
{
    /// <summary>A stored value.</summary>
    public interface IStorage
    {
        /// <summary>The version that was last read or written; null for none.</summary>
        string? Etag { get; }

        /// <summary>Whether it is stored.</summary>
        bool RecordExists { get; }

        /// <summary>Removes what is stored.</summary>
        /// <exception cref="InconsistentStateException">Another activation wrote meanwhile.</exception>
        Task ClearStateAsync();

        /// <summary>Stores the value.</summary>
        /// <exception cref="InconsistentStateException">Another activation wrote meanwhile.</exception>
        Task WriteStateAsync();

        /// <summary>Reads what is stored.</summary>
        Task ReadStateAsync();
    }

    /// <summary>A stored value of a type.</summary>
    public interface IStorage<TState> : IStorage
    {
        /// <summary>The value as the grain has it.</summary>
        TState State { get; set; }
    }
}

namespace Orleans.Runtime
{
    /// <summary>A grain's stored state, read before OnActivateAsync; it moves along when the grain does.</summary>
    public interface IPersistentState<TState> : IStorage<TState>;

    /// <summary>Marks a constructor parameter that is a stored state.</summary>
    /// <param name="stateName">Its name within the grain.</param>
    /// <param name="storageName">The storage; the default one where null.</param>
    [AttributeUsage(AttributeTargets.Parameter)]
    public class PersistentStateAttribute(string stateName, string? storageName = null) : Attribute
    {
        /// <summary>Its name within the grain.</summary>
        public string StateName { get; } = stateName;

        /// <summary>The storage; the default one where null.</summary>
        public string? StorageName { get; } = storageName;
    }

    internal interface IPersistent
    {
        Task SetUpAsync();
    }

    internal sealed class PersistentState<TState> : IPersistentState<TState>, IPersistent, IGrainMigrationParticipant
    {
        private readonly MemoryStorage _storage;
        private readonly string _key;
        private bool _moved;

        public PersistentState(Activation activation, PersistentStateAttribute attribute)
        {
            var name = attribute.StorageName ?? MemoryStorage.DefaultName;
            if (!activation.Silo.Services.GetServices<MemoryStorageName>().Any(n => n.Name == name))
                throw new OrleansException($"No storage named '{name}' is registered: see AddMemoryGrainStorage.");
            _storage = activation.Silo.Cluster.Storage;
            _key = $"{name}/{attribute.StateName}/{activation.GrainId}";
            activation.AddState(this);
            activation.AddMigrationParticipant(this);
        }

        public TState State { get; set; } = New();

        public string? Etag { get; private set; }

        public bool RecordExists => Etag is not null;

        public Task SetUpAsync() => _moved ? Task.CompletedTask : ReadStateAsync();

        public Task ReadStateAsync()
        {
            (var json, Etag) = _storage.Read(_key);
            State = json is null ? New() : JsonSerializer.Deserialize<TState>(json, MemoryStorage.Json)!;
            return Task.CompletedTask;
        }

        public Task WriteStateAsync()
        {
            Etag = _storage.Write(_key, JsonSerializer.SerializeToUtf8Bytes(State, MemoryStorage.Json), Etag);
            return Task.CompletedTask;
        }

        public Task ClearStateAsync()
        {
            _storage.Write(_key, null, Etag);
            (State, Etag) = (New(), null);
            return Task.CompletedTask;
        }

        public void OnDehydrate(IDehydrationContext dehydrationContext) => dehydrationContext.TryAddValue(_key, (State, Etag));

        public void OnRehydrate(IRehydrationContext rehydrationContext)
        {
            _moved = rehydrationContext.TryGetValue(_key, out (TState State, string? Etag) moved);
            if (_moved) (State, Etag) = moved;
        }

        private static TState New() => typeof(TState).IsValueType ? default! : Activator.CreateInstance<TState>();
    }
}
