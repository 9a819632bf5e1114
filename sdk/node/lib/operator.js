// The kernel as its operator sees it.
import { operatorSocket } from "./address.js";
import { CallsOfOperators } from "./calls.js";

export class Operator extends CallsOfOperators {
  static async connect(path = "") {
    return new Operator(await operatorSocket(path));
  }
}
