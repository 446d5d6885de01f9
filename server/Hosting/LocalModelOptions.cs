using HunyuanOrleans.Engine.Scheduling;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Loading;

namespace HunyuanOrleans.Server.Hosting;

/// <summary>A model that this process loads and serves.</summary>
/// <param name="Folder">The model's folder.</param>
public sealed record LocalModelOptions(string Folder)
{
    /// <summary>What requests call it. Default: the folder's name.</summary>
    public string Name { get; init; } = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(Folder)));

    /// <summary>How it is loaded. Default: bf16 on all CPUs.</summary>
    public ModelOptions Loading { get; init; } = new();

    /// <summary>How steps are filled, and how long the queue is.</summary>
    public SchedulerOptions Scheduler { get; init; } = new();

    /// <summary>Loads the weights; null for <see cref="ModelRunner.Load"/> without progress.</summary>
    public Func<string, ModelOptions, CancellationToken, ModelRunner>? Loader { get; init; }
}
