using HunyuanOrleans.Contracts;
using HunyuanOrleans.Grammar;
using HunyuanOrleans.Model;
using HunyuanOrleans.Text;

namespace HunyuanOrleans.Engine;

/// <summary>Tells apart the exceptions whose message is for users. Each room below has its own type, because the rooms do not know each other.</summary>
public static class UserErrors
{
    /// <summary>True if the message says, for users, what went wrong and, for wrong input, what is allowed.</summary>
    public static bool IsForUsers(Exception exception) => exception is HunyuanException or ModelException or TextException or ConstraintException;
}
