using HunyuanOrleans.Engine.Text;
using HunyuanOrleans.Model.Tokenization;

namespace HunyuanOrleans.Cli.Sessions;

/// <summary>The bytes of tokens that users see, as the engine asks for them.</summary>
internal sealed class TokenizerText(Tokenizer tokenizer) : ITokenText
{
    /// <inheritdoc/>
    public ReadOnlySpan<byte> TokenBytes(int id) => tokenizer.IsSpecial(id) ? [] : tokenizer.TokenBytes(id);
}
