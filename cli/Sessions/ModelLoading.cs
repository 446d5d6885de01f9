using HunyuanOrleans.Cli.Output;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Loading;

namespace HunyuanOrleans.Cli.Sessions;

/// <summary>Loads a model and shows a progress bar.</summary>
internal static class ModelLoading
{
    /// <summary>Loads the model in a folder; the caller disposes it.</summary>
    /// <exception cref="ModelException">The config or the weights are invalid.</exception>
    public static ModelRunner Load(string folder, ModelOptions options, CancellationToken cancellation) => Load(folder, options, null, cancellation);

    /// <summary>Loads the model in a folder and reports the progress, besides showing it; the caller disposes the model.</summary>
    /// <exception cref="ModelException">The config or the weights are invalid.</exception>
    public static ModelRunner Load(string folder, ModelOptions options, IProgress<LoadProgress>? progress, CancellationToken cancellation) =>
        ProgressDisplay.Run("Loading", bytes: true, report => ModelRunner.Load(folder, options, new ProgressAdapter(report, progress), cancellation));

    // Not Progress<T>, which reports on the thread pool, late and out of order.
    private sealed class ProgressAdapter(ProgressReport report, IProgress<LoadProgress>? next) : IProgress<LoadProgress>
    {
        public void Report(LoadProgress value)
        {
            next?.Report(value);
            report(value.Bytes, value.TotalBytes, $"{Describe(value.Stage)}{value.Matrices}/{value.TotalMatrices} matrices");
        }

        private static string Describe(LoadStage stage) => stage switch
        {
            LoadStage.Saving => "(saving a packed copy) ",
            LoadStage.Mapping => "(mapping the packed copy) ",
            _ => "",
        };
    }
}
