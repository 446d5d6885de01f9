using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Grammar;
using HunyuanOrleans.Server.Http;
using HunyuanOrleans.Text.Streaming;

namespace HunyuanOrleans.Server.Generation;

/// <summary>
/// Compiles what one model's answers must look like. New forms take tens of milliseconds of a core and wait for each other, so that
/// many of them at once leave the running answers their cores; a form used before is there at once. It does not know requests.
/// </summary>
/// <param name="text">The tokens' visible bytes; null where the model has no tokenizer.</param>
/// <param name="info">The model.</param>
internal sealed class ConstraintQueue(ITokenText? text, GeneratorInfo info)
{
    private readonly SemaphoreSlim _turns = new(Math.Max(1, Environment.ProcessorCount / 2));
    private readonly Lazy<ConstraintCompiler> _compiler = new(() => new ConstraintCompiler(text!, info.VocabularySize, info.EosIds));

    /// <summary>Compiles a form.</summary>
    /// <param name="form">The form.</param>
    /// <param name="parameter">The request's parameter that asks for it, for errors.</param>
    /// <param name="cancellation">Gives up waiting; what has begun is finished.</param>
    /// <exception cref="ConstraintException">The form is wrong, too complex, or cannot be met.</exception>
    /// <exception cref="ApiException">The model has no text.</exception>
    public async ValueTask<Constraint> CompileAsync(ConstraintSpec form, string parameter, CancellationToken cancellation)
    {
        if (text is null)
        {
            throw ApiException.Invalid(parameter, $"{parameter}: this model has no tokenizer, so its answers have no text that could have a form.", "unsupported_value");
        }

        if (_compiler.IsValueCreated && _compiler.Value.Find(form, parameter) is Constraint known)
        {
            return known;
        }

        await _turns.WaitAsync(cancellation);
        try
        {
            return await Task.Run(() => _compiler.Value.Compile(form, parameter), CancellationToken.None);
        }
        finally
        {
            _turns.Release();
        }
    }
}
