using HunyuanOrleans.Cli.Output;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Loading;

namespace HunyuanOrleans.Cli.Sessions;

/// <summary>Loads a model with a progress bar.</summary>
internal static class ModelLoading
{
    /// <summary>Loads the weights of a folder.</summary>
    /// <exception cref="ModelException">Config or weights are wrong.</exception>
    public static ModelRunner Load(string folder, ModelOptions options, CancellationToken cancellation) =>
        ProgressDisplay.Run("Loading", bytes: true, report => ModelRunner.Load(folder, options, new Adapter(report), cancellation));

    // Progress<T> would report from the thread pool, late and out of order.
    private sealed class Adapter(ProgressReport report) : IProgress<LoadProgress>
    {
        public void Report(LoadProgress value) =>
            report(value.Bytes, value.TotalBytes, $"{Verb(value.Stage)}{value.Matrices}/{value.TotalMatrices} matrices");

        private static string Verb(LoadStage stage) => stage switch
        {
            LoadStage.Saving => "(saving a packed copy) ",
            LoadStage.Mapping => "(mapping the packed copy) ",
            _ => "",
        };
    }
}
