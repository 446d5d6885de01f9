using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Grammar;
using HunyuanOrleans.Server.Http;
using HunyuanOrleans.Text.Streaming;

namespace HunyuanOrleans.Server.Generation;

/// <summary>
/// Compiles constraints for one model. A new constraint takes tens of milliseconds of a core. Compilations are limited to half the cores,
/// so that many at once leave cores to the running requests; a constraint compiled before is returned at once.
/// </summary>
/// <param name="text">The tokens' visible bytes; null if the model has no tokenizer.</param>
/// <param name="info">The model.</param>
internal sealed class ConstraintQueue(ITokenText? text, GeneratorInfo info)
{
    private readonly SemaphoreSlim _slots = new(Math.Max(1, Environment.ProcessorCount / 2));
    private readonly Lazy<ConstraintCompiler> _compiler = new(() => new ConstraintCompiler(text!, info.VocabularySize, info.EosIds));

    /// <summary>Compiles a constraint.</summary>
    /// <param name="spec">The constraint.</param>
    /// <param name="parameter">The request parameter that asks for it, for errors.</param>
    /// <param name="cancellationToken">Stops waiting for a slot. A compilation that has begun runs to its end.</param>
    /// <exception cref="ConstraintException">The constraint is invalid, too complex, or cannot be satisfied.</exception>
    /// <exception cref="ApiException">The model has no tokenizer.</exception>
    public async ValueTask<Constraint> CompileAsync(ConstraintSpec spec, string parameter, CancellationToken cancellationToken)
    {
        if (text is null)
        {
            throw ApiException.Invalid(parameter, $"{parameter}: this model has no tokenizer, so its answers have no text that could have a form.", "unsupported_value");
        }

        if (_compiler.IsValueCreated && _compiler.Value.Find(spec, parameter) is Constraint known)
        {
            return known;
        }

        await _slots.WaitAsync(cancellationToken);
        try
        {
            return await Task.Run(() => _compiler.Value.Compile(spec, parameter), CancellationToken.None);
        }
        finally
        {
            _slots.Release();
        }
    }
}
