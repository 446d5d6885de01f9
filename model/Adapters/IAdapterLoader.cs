namespace HunyuanOrleans.Model.Adapters;

/// <summary>Checks and loads LoRA adapters for one model. Any thread may call it, also while the model computes.</summary>
public interface IAdapterLoader
{
    /// <summary>Checks an adapter without loading it.</summary>
    /// <param name="directory">The adapter's folder, as PEFT writes it.</param>
    /// <returns>Bytes that it takes in memory.</returns>
    /// <exception cref="ModelException">The adapter is damaged, does not fit the model, or is not supported here.</exception>
    long CheckAdapter(string directory);

    /// <summary>Loads an adapter.</summary>
    /// <param name="directory">The adapter's folder, as PEFT writes it.</param>
    /// <param name="cancellationToken">Stops loading; nothing stays allocated.</param>
    /// <returns>The adapter. The caller disposes it, when no step uses it any more.</returns>
    /// <exception cref="ModelException">The adapter is damaged, does not fit the model, or is not supported here; nothing stays allocated.</exception>
    LoraAdapter LoadAdapter(string directory, CancellationToken cancellationToken = default);
}
