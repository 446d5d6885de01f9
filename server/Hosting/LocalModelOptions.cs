using HunyuanOrleans.Engine.Adapters;
using HunyuanOrleans.Engine.Scheduling;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Adapters;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Loading;

namespace HunyuanOrleans.Server.Hosting;

/// <summary>Options of a model that this process loads and serves.</summary>
/// <param name="Folder">The model's folder.</param>
public sealed record LocalModelOptions(string Folder)
{
    /// <summary>The name that requests use. Default: the folder's name.</summary>
    public string Name { get; init; } = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(Folder)));

    /// <summary>How the weights are loaded. Default: bf16 on all CPUs.</summary>
    public ModelOptions Loading { get; init; } = new();

    /// <summary>How the scheduler fills steps, and the length of its queue.</summary>
    public SchedulerOptions Scheduler { get; init; } = new();

    /// <summary>The adapters that requests can name, by name: their folders. Default: none.</summary>
    public IReadOnlyDictionary<string, string> Adapters { get; init; } = new Dictionary<string, string>();

    /// <summary>Most bytes of adapters in memory. Default 4 GiB. With less, adapters are dropped and loaded again more often.</summary>
    public long AdapterBytes { get; init; } = AdapterStore.DefaultBudget;

    /// <summary>Loads the weights and reports progress, for example to show it. Default: <see cref="ModelRunner.Load"/>.</summary>
    public Func<string, ModelOptions, IProgress<LoadProgress>, CancellationToken, ModelRunner> Loader { get; init; } = ModelRunner.Load;

    /// <summary>Checks the adapters against the model's config, which takes less time than loading the weights.</summary>
    /// <exception cref="ModelException">An adapter is damaged, does not fit, or is not supported, or its name is the model's.</exception>
    public void CheckAdapters()
    {
        if (Adapters.Count == 0)
        {
            return;
        }

        ModelConfig config = ModelConfig.Load(Folder);
        foreach ((string name, string folder) in Adapters)
        {
            if (name == Name)
            {
                throw new ModelException($"An adapter is named '{name}' like the model; allowed: another name.");
            }

            LoraFolder.Open(folder, config).Dispose();
        }
    }
}
